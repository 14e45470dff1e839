/** A worker with sessions whose owner reads the answers: for old key exchanges under `check`, and for tests. */
import { holdConversations } from './held-conversations.ts';

holdConversations(null);

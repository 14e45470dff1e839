/** A worker with sessions where whoever asks reads the answers: old key exchanges under `check`, and tests. */
import { holdConversations } from './held-conversations.ts';

holdConversations(null);

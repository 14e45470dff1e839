/**
 * A worker with SSH sessions of the running product, thread or process: answers are read where they arrive, and
 * returned as snapshots.
 */
import { holdConversations } from '../access/ssh/held-conversations.ts';
import { readAnswerText } from '../agent/poll/observations.ts';
import { keepHeapsSmall } from './heap-settings.ts';

// A thread has it from its process.
if (process.send !== undefined) keepHeapsSmall();
holdConversations(readAnswerText);

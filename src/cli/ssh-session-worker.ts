/** A thread with SSH sessions of the running product: answers are read where they come in, and cross as snapshots. */
import { holdConversations } from '../access/ssh/held-conversations.ts';
import { readAnswerText } from '../agent/poll/observations.ts';

holdConversations(readAnswerText);

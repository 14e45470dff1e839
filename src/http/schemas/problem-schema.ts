/** RFC 9457 problem document, the answer to every error. */
import { z } from 'zod';
import { components } from './components.ts';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    /** For errors that a user can fix: the code of docs/errors.md. */
    code: z.string().optional(),
    /** Each parameter that was refused, and why. */
    errors: z.array(z.object({ parameter: z.string(), detail: z.string() })).optional(),
    /** The cells that have a group of the requested name. */
    cells: z.array(z.string()).optional(),
  })
  .register(components, { id: 'Problem' });
export type ProblemDocument = z.output<typeof problemSchema>;

const problemResponse = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** Errors that any page of the API can answer. */
export const commonProblems = {
  400: problemResponse('A parameter or its value is not allowed; `errors` names it.'),
  401: problemResponse('Credentials are needed, and these are missing or wrong.'),
  403: problemResponse('The credential lacks the scope, or the request comes from another site.'),
  429: problemResponse('Too many requests at once; `Retry-After` says when to try again.'),
};
export const notFoundProblem = { 404: problemResponse('There is no such device or group.') };
export const ambiguousProblem = { 409: problemResponse('More than one cell has a group of this name: name the cell.') };
export const unavailableProblem = { 503: problemResponse('Not possible now; `Retry-After` says when to try again.') };
export const timeoutProblem = { 504: problemResponse('The device was not polled in time.') };

/** The directory of `record:`, made before the agent starts. */
import { directoryReason, makeDirectory } from '../../kernel/make-directory.ts';
import { UserError } from '../../kernel/user-error.ts';

const MODE = 0o750;

export async function makeRecordDirectory(directory: string): Promise<void> {
  try {
    await makeDirectory(directory, MODE);
  } catch (error) {
    const message = `record: ${directory}: cannot be made: ${directoryReason(error)}`;
    throw new UserError('record_inaccessible', message, { cause: error });
  }
}

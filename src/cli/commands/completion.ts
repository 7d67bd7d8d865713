import { Failure } from '../../base/errors.js';
import type { Shell } from '../shell.js';

/** What yargs can't write: fish asks the program at each Tab, as the scripts for bash and zsh do. */
const FISH = `function __p2pchat_complete
    p2pchat --get-yargs-completions (commandline -opc) (commandline -ct)
end
complete -c p2pchat -a '(__p2pchat_complete)'
`;

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Prints the script for one shell; `script` is the one for the shell that yargs thinks is running. */
export async function completion(shell: Shell, wanted: string | undefined, script: () => void): Promise<void> {
  if (wanted !== undefined && !SHELLS.some((each) => each === wanted)) {
    throw new Failure('argument-invalid', `There is no completion for '${wanted}'.`, {
      hint: `Choose one of: ${SHELLS.join(', ')}.`,
    });
  }
  if (wanted === 'fish') {
    shell.output.results(FISH.trimEnd().split('\n'));
    return;
  }
  script();
}

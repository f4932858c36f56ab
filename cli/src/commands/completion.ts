/** completion: what a shell needs to finish words. The scripts ask the program, so they never go stale. */
import type { Context } from "../context.ts";
import { usageFailure } from "../failure.ts";

const bash = `# Completion of playspawn for bash.
_playspawn() {
  local candidate
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    COMPREPLY+=("$(printf '%q' "$candidate")")
  done < <("\${COMP_WORDS[0]}" --complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _playspawn playspawn
`;

const zsh = `#compdef playspawn
# Completion of playspawn for zsh.
_playspawn() {
  local value about
  local -a typed values shown
  typed=("\${(@Q)words[2,CURRENT]}")
  while IFS=$'\\t' read -r value about; do
    values+=("$value")
    shown+=("$value  $about")
  done < <("\${(Q)words[1]}" --complete "\${typed[@]}" 2>/dev/null)
  if (( $#values )); then
    compadd -l -d shown -- "\${values[@]}"
  else
    _files
  fi
}
if [[ $funcstack[1] = _playspawn ]]; then _playspawn "$@"; else compdef _playspawn playspawn; fi
`;

const fish = `# Completion of playspawn for fish.
function __playspawn_complete
    set -l words (commandline -opc) (commandline -ct)
    command playspawn --complete $words[2..-1] 2>/dev/null
end
complete -c playspawn -f -a '(__playspawn_complete)'
complete -c playspawn -l token-file -r -F
complete -c playspawn -l password-file -r -F
`;

const scripts: Record<string, string> = { bash, zsh, fish };

export async function completion({ print }: Context, [shell = ""]: string[]): Promise<void> {
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined)
    throw usageFailure(`There is no completion for ${shell}.`, "There is one for bash, zsh and fish.");
  print(script);
}

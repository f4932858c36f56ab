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
  # A value follows at once.
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
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
    # A value follows a name with = at once.
    local -a none
    [[ $values[1] = *= ]] && none=(-S '')
    compadd $none -l -d shown -- "\${values[@]}"
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

// The last word is given as two quotes where it is empty: older shells drop an empty argument.
const pwsh = `# Completion of playspawn for PowerShell.
Register-ArgumentCompleter -Native -CommandName playspawn -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = $commandAst.CommandElements
    $words = @($elements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    if ($wordToComplete -eq '') { $words += '""' }
    & $elements[0].Extent.Text --complete @words 2>$null | ForEach-Object {
        $value, $about = $_ -split "\`t", 2
        $text = if ($value -match '[\\s''"$]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
        $tip = if ($about) { $about } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $tip)
    }
}
`;

const scripts: Record<string, string> = { bash, zsh, fish, pwsh };

export async function completion({ print }: Context, [shell = ""]: string[]): Promise<void> {
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined)
    throw usageFailure(`There is no completion for ${shell}.`, "There is one for bash, zsh, fish and pwsh.");
  print(script);
}

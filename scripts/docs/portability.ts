/** What works in one shell or on one system only: documented commands run in bash and zsh, on Linux and macOS. */
import { type CommandBlock, splitCommands } from "./blocks.ts";

interface Rule {
  pattern: RegExp;
  advice: string;
}

const useNode = "use node -p or node -e: Node is installed with the project";

const rules: Rule[] = [
  { pattern: /\bdate\b[^|;)]*\s(?:-d|--date|-v|-r|-I|--iso)/, advice: `GNU and BSD date differ: ${useNode}` },
  { pattern: /\bjq\b/, advice: `jq is not installed everywhere: ${useNode}` },
  { pattern: /\b(?:openssl|uuidgen|xxd)\b/, advice: `not installed everywhere: ${useNode}` },
  { pattern: /\b(?:sha\d+sum|md5sum|shasum|md5)\b/, advice: `macOS and Linux have different programs: ${useNode}` },
  { pattern: /\bbase64\s+-/, advice: `the options of base64 differ: ${useNode}` },
  { pattern: /\bsed\b[^|;)]*\s-(?:i|r|z)\b/, advice: "BSD sed has no such option" },
  { pattern: /\bgrep\b[^|;)]*\s-\w*P/, advice: "BSD grep has no -P" },
  { pattern: /\bfind\b[^|;)]*\s-(?:printf|readable)/, advice: "BSD find has no such test" },
  { pattern: /\bstat\s+-/, advice: `the options of stat differ: ${useNode}` },
  { pattern: /\bxargs\b[^|;)]*\s-(?:r|d)\b/, advice: "BSD xargs has no such option" },
  { pattern: /\bmktemp\s+-(?:p|-)/, advice: "BSD mktemp has no such option" },
  { pattern: /\b(?:readlink\s+-f|realpath|tac|timeout|nproc|setsid|wget|numfmt)\b/, advice: "not part of macOS" },
  { pattern: /\becho\s+-[en]/, advice: "the options of echo differ: use printf" },
  { pattern: /\bcurl\b.*\s--json\b/s, advice: "needs curl 7.82: use -H 'Content-Type: application/json' -d" },
  { pattern: /\[\[|<\(|\$'|\bfunction\s|\bdeclare\b|\b(?:mapfile|readarray)\b/, advice: "works in some shells only" },
];

/** These look at text outside of quotes. */
const unquotedRules: Rule[] = [
  { pattern: /(?:^|\s)#/, advice: "zsh passes a comment at the prompt to the command: write it above the block" },
  { pattern: /\bhttps?:\S*[?*[]/, advice: "zsh expands ? and * in an unquoted address: quote it" },
];

/** Lists the problems of a block, one line each. */
export function portabilityProblems(block: CommandBlock): string[] {
  return splitCommands(block.text).flatMap(({ source, shell, unquoted }) => {
    const found = [
      ...rules.filter(({ pattern }) => pattern.test(shell)),
      ...unquotedRules.filter(({ pattern }) => pattern.test(unquoted)),
    ];
    const [firstLine = ""] = source.split("\n");
    return found.map(({ advice }) => `${block.page}:${block.line}: ${advice}\n    ${firstLine}`);
  });
}

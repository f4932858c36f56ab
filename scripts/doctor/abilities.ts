/** What the agent found that this machine can do for sleepers, and what is missing for more. Pure. */

export type Abilities = Readonly<Record<string, string | number | boolean>>;

interface Line {
  name: string;
  findings: string[];
}

/** Nothing of what the agent does not say: it has just begun, or is of an earlier version. */
export function abilityLines(abilities: Abilities): Line[] {
  const lines: [ability: string, name: string, findings: string[]][] = [
    ["sleepersReachable", "players come in to sleeping servers", firewall(abilities)],
    ["pause", "servers can be paused", refusal(abilities, "pause", "Sleepers are stopped and not paused")],
    [
      "deep",
      "the memory of paused servers can be taken back",
      refusal(abilities, "deep", "Paused servers keep all of it"),
    ],
    ["cgroup", "the machine has cgroup v2", cgroup(abilities)],
  ];
  return lines.flatMap(([ability, name, findings]) => (ability in abilities ? [{ name, findings }] : []));
}

const text = (abilities: Abilities, name: string): string => String(abilities[name] ?? "");

function firewall(abilities: Abilities): string[] {
  const fault = text(abilities, "firewallFault");
  if (abilities["sleepersReachable"] === true) return [];
  if (abilities["sleepersReachable"] === false) return [fault];
  return [`Whether ${guardOf(abilities)} lets them in could not be tried${fault ? `: ${fault}` : "."}`];
}

const guardOf = (abilities: Abilities): string => {
  const guard = text(abilities, "firewall");
  return ["unknown", "several"].includes(guard) ? "this machine's firewall" : guard;
};

/** `no: <reason>` where it cannot. */
function refusal(abilities: Abilities, name: string, means: string): string[] {
  const reason = /^no: (.*)$/s.exec(text(abilities, name))?.[1];
  return reason === undefined ? [] : [`${means}: ${reason}`];
}

const cgroup = (abilities: Abilities): string[] =>
  abilities["cgroup"] === "v1"
    ? [
        "It has cgroup v1: all of Playspawn works with it, and newer systemd and Docker do not. The kernel's systemd.unified_cgroup_hierarchy=1 changes that.",
      ]
    : [];

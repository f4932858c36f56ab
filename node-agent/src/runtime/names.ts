/** Names and labels of everything this agent makes on an engine. Each carries the installation and the node. */
import { shortId } from "@playspawn/shared";

/** Whose things these are: several installations, and several nodes of one, share an engine without meeting. */
export interface Identity {
  installation: string;
  node: string;
}

export type Role = "holder" | "game" | "probe";

export const label = {
  installation: "playspawn.installation",
  node: "playspawn.node",
  server: "playspawn.server",
  role: "playspawn.role",
  generation: "playspawn.generation",
  spec: "playspawn.spec",
  image: "playspawn.image",
  address: "playspawn.address",
} as const;

/** `{"playspawn.installation": …, "playspawn.node": …}`: what every container, network and probe of ours carries. */
export const ownLabels = (identity: Identity): Record<string, string> => ({
  [label.installation]: identity.installation,
  [label.node]: identity.node,
});

/** What a container carries that only tries something and is removed at once. */
export const probeLabels = (identity: Identity): Record<string, string> => ({
  ...ownLabels(identity),
  [label.role]: "probe",
});
export const probeName = ({ installation, node }: Identity, of: "limits" | "folder"): string =>
  `ps-${shortId(installation)}-${shortId(node)}-probe-${of}`;

export const isOwn = (identity: Identity, labels: Record<string, string> | undefined | null): boolean =>
  labels?.[label.installation] === identity.installation && labels[label.node] === identity.node;

const prefix = (identity: Identity, server: string): string =>
  `ps-${shortId(identity.installation)}-${shortId(server)}`;

export const holderName = (identity: Identity, server: string): string => `${prefix(identity, server)}-holder`;
export const gameName = (identity: Identity, server: string, generation: number): string =>
  `${prefix(identity, server)}-g${generation}`;
export const networkName = ({ installation, node }: Identity): string => `ps-${shortId(installation)}-${shortId(node)}`;

/** The nft table in family `inet`. */
export const filterTable = (identity: Identity): string => `playspawn_${bridgeName(identity)}`;

/** The nft table of the kernel's path, in family `inet`. */
export const pathTable = (identity: Identity): string => `${filterTable(identity)}_path`;

/** The Linux interface: at most 15 characters, so six of each id. */
export const bridgeName = ({ installation, node }: Identity): string => `ps${installation.slice(-6)}${node.slice(-6)}`;

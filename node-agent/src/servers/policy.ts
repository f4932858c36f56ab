/** What this node's operator allows one server, whatever a control plane asks for. Pure. */
import { AppError, type ServerSpec } from "@playspawn/shared";

export interface Policy {
  /** Public ports that servers may be given, both ends included. */
  portRange: { from: number; to: number };
  /** The most memory that one server may have; null: as much as it asks for. */
  memoryBytesMax: number | null;
}

const MiB = 1024 ** 2;

/** @param had public ports that it keeps when the range becomes another; null: an older agent did not note them */
export const mayOpen = ({ portRange: { from, to } }: Policy, had: readonly number[] | null, port: number): boolean =>
  (port >= from && port <= to) || had === null || had.includes(port);

/** @param had as for `mayOpen` @throws AppError forbidden with what the operator may change */
export function refuseOverPolicy(policy: Policy, spec: ServerSpec, had: readonly number[] | null): void {
  const { portRange, memoryBytesMax } = policy;
  const outside = spec.ports.find((port) => !mayOpen(policy, had, port.public));
  if (outside)
    throw new AppError(
      "forbidden",
      `This node opens ports from ${portRange.from} to ${portRange.to}, not ${outside.public}. Give the server another, or let whoever runs the node widen its PLAYSPAWN_PORT_RANGE.`,
    );
  if (memoryBytesMax !== null && spec.memoryBytes > memoryBytesMax)
    throw new AppError(
      "forbidden",
      `This node gives a server ${memoryBytesMax / MiB} MB of memory at most, not ${Math.ceil(spec.memoryBytes / MiB)}. Give it less, or let whoever runs the node raise its PLAYSPAWN_SERVER_MEMORY_MAX.`,
    );
}

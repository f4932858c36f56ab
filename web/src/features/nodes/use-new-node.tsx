import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useState } from "react";
import { nodesQuery } from "../../api/queries.ts";
import type { Node } from "../../api/types.ts";

/** The node that has come since this was first asked. */
export function useNewNode(): Node | undefined {
  const nodes = useQuery(nodesQuery);
  const [known] = useState(() => new Set(nodes.data?.map((node) => node.id)));
  return nodes.data?.find((node) => !known.has(node.id));
}

export const Joined = ({ name }: { name: string }) => (
  <span className="flex items-center gap-2.5">
    <Check size={16} aria-hidden className="shrink-0 text-running" /> {name} has joined.
  </span>
);

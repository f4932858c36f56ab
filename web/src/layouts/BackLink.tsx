import { ChevronLeft } from "lucide-react";
import { Link } from "react-router";

interface Props {
  to: string;
  name: string;
}

/** The page above this one, at the same place on each. */
export function BackLink({ to, name }: Props) {
  return (
    <Link
      to={to}
      className="-mt-1.5 mb-2.5 -ml-1 inline-flex min-h-7 items-center gap-1 rounded text-[0.9rem] text-ink-3 hover:text-ink"
    >
      <ChevronLeft size={15} aria-hidden /> {name}
    </Link>
  );
}

import { Link } from "react-router";
import { paths } from "../paths.ts";
import { buttonClass } from "../ui/Button.tsx";
import { Empty } from "../ui/notices.tsx";
import { StateGlyph } from "../ui/StateGlyph.tsx";
import { useTitle } from "./PageHeader.tsx";

export function NotFound({ what = "page" }: { what?: string }) {
  const title = `There is no such ${what}`;
  useTitle(title);
  return (
    <Empty
      level={1}
      art={<StateGlyph state="Unknown" size={40} />}
      title={title}
      action={
        <Link to={paths.servers} className={buttonClass()}>
          To the servers
        </Link>
      }
    >
      It was deleted, or the address is not quite right.
    </Empty>
  );
}

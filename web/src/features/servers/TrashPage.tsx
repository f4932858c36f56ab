import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { trashQuery } from "../../api/queries.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { paths } from "../../paths.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { EmptyTrash } from "./EmptyTrash.tsx";
import { TrashList } from "./TrashList.tsx";

export function TrashPage() {
  const trash = useQuery(trashQuery);
  return (
    <>
      <PageHeader
        title="Trash"
        back={{ to: paths.servers, name: "Servers" }}
        lead="Ports are free, worlds wait. What is restored comes back with its world, and with its port unless that is another’s by then."
        action={trash.data && <EmptyTrash servers={trash.data} />}
      />
      {trash.isPending && (
        <Loading label="Reading the trash">
          <Skeleton className="h-24" />
        </Loading>
      )}
      {trash.isError && <ProblemNote problem={problemFrom(trash.error)} onRetry={() => void trash.refetch()} />}
      {trash.data?.length === 0 && (
        <Empty
          art={<StateGlyph state="Trashed" size={44} />}
          title="The trash is empty"
          action={
            <Link to={paths.servers} className={buttonClass()}>
              To the servers
            </Link>
          }
        >
          A server that is deleted waits here with its world, and can be brought back until its time is over.
        </Empty>
      )}
      {trash.data && trash.data.length > 0 && <TrashList servers={trash.data} />}
    </>
  );
}

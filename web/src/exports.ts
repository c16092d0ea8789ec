// What is done with an export, wherever it is shown: followed, cancelled, downloaded.
import { ask } from "./ask";
import { download } from "./download";
import { follow } from "./follow";
import { graphql } from "./gql";
import type { ExportStateFragment, Interval, RouterDimension } from "./gql/graphql";

graphql(`
  fragment ExportState on Export {
    id
    status
    progress
    rowCount
    format
    fileName
    error
    createdAt
    expiresAt
  }
`);

const FOLLOW = graphql(`
  subscription FollowExport($id: ID!) {
    exportUpdated(id: $id) {
      ...ExportState
    }
  }
`);

const CANCEL = graphql(`
  mutation CancelExport($id: ID!) {
    cancelExport(id: $id) {
      errors {
        message
      }
    }
  }
`);

const FILE = graphql(`
  query ExportFile($id: ID!) {
    export(id: $id) {
      fileName
      downloadUrl
    }
  }
`);

const DIMENSIONS: Record<RouterDimension, string> = { MODEL: "model", API_KEY: "API key", PROVIDER: "provider" };

/** What a file has a row for each of; "" where all is one. */
export function rowsOf(interval: Interval | null, groupBy: readonly RouterDimension[]): string {
  const groups = groupBy.map((each) => DIMENSIONS[each]).join(" and ");
  return [interval?.toLowerCase().replace("_", " "), groups].filter(Boolean).join(", ");
}

export const GONE = "The file is not there any more: make another one.";

export function followExport(id: string, next: (state: ExportStateFragment) => void, failed?: (message: string) => void): () => void {
  return follow(FOLLOW, { id }, (answer) => next(answer.exportUpdated), failed);
}

/** Why it could not be cancelled; null where it was. */
export async function cancelExport(id: string): Promise<string | null> {
  return (await ask(CANCEL, { id })).cancelExport.errors[0]?.message ?? null;
}

/** Saves the file; why it could not be, otherwise. A link to it is good for minutes, so that it is asked for when it is wanted. */
export async function saveExport(id: string): Promise<string | null> {
  const { export: found } = await ask(FILE, { id });
  if (!found?.downloadUrl) return GONE;
  download(found.downloadUrl, found.fileName ?? "");
  return null;
}

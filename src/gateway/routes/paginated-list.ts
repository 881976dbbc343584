/** Lists of what users did, newest first, that go on below the id of a row: each is read in the same way. */
import type { Snowflake, UserId } from '#domain/ids.ts';
import { openBefore, sealNext } from '#http/cursors.ts';
import { type ListName, scopeOf } from '../cursor-scopes.ts';
import type { ProfileBasicJson } from '../serializers.ts';
import { type RouteDeps, usersOf } from './deps.ts';

export interface ListRequest {
  /** The list's name, and whom or what it is of: with the viewer, what its cursors are bound to. */
  list: ListName;
  subject: number;
  viewer: UserId | null;
  query: { cursor?: string; limit: number };
}

/** What a service is asked for: rows below the id `before`, null for the newest. */
export interface RowsRequest {
  before: Snowflake | null;
  limit: number;
}

export interface PaginatedList<Row> {
  rows: Row[];
  /** What every list says beside its rows. */
  rest: { users: Record<string, ProfileBasicJson>; nextCursor: string | null };
}

/** Reads the page that the query asks for, with the users in it. Throws `invalid_cursor`, and what `read` throws. */
export async function readPaginatedList<Row extends { userId: UserId }>(
  deps: Pick<RouteDeps, 'services' | 'serializers' | 'cursors'>,
  { list, subject, viewer, query }: ListRequest,
  read: (request: RowsRequest) => Promise<{ items: Row[]; next: Snowflake | null }>,
): Promise<PaginatedList<Row>> {
  const scope = scopeOf(list, subject, viewer);
  const before = openBefore(deps.cursors, scope, query.cursor);
  const { items, next } = await read({ before, limit: query.limit });
  const users = await usersOf(
    deps,
    viewer,
    items.map((row) => row.userId),
  );
  return { rows: items, rest: { users, nextCursor: sealNext(deps.cursors, scope, next) } };
}

/** Who made the rows, as a response names them. */
export function idsOf(rows: readonly { userId: UserId }[]): string[] {
  return rows.map(({ userId }) => String(userId));
}

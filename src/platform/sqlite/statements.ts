/** Statements of a database, prepared once each. */
import type {
  DatabaseSync,
  SQLInputValue,
  SQLOutputValue,
  StatementResultingChanges,
  StatementSync,
} from 'node:sqlite';
import type { Snapshot } from './snapshot.ts';

export interface Statement {
  get(...parameters: SQLInputValue[]): Record<string, SQLOutputValue> | undefined;
  all(...parameters: SQLInputValue[]): Record<string, SQLOutputValue>[];
  run(...parameters: SQLInputValue[]): StatementResultingChanges;
  /** Rows come as arrays of their columns from now on. */
  setReturnArrays(enabled: boolean): void;
}

/** What the group of writes does that is being run. */
export interface GroupState {
  isRunning: boolean;
  /** Something was run that may have changed the file; always true where nobody notes what is run. */
  hasChanged: boolean;
  readonly isNoted: boolean;
}

export interface StatementsDeps {
  writer: DatabaseSync;
  group: GroupState;
  /** Where reads outside a group stand; undefined: they too go through the writer. */
  snapshot: Snapshot | undefined;
}

/** Statements that change nothing. */
const READS = /^\s*SELECT\b/i;

export function createStatements({ writer, group, snapshot }: StatementsDeps): (sql: string) => Statement {
  const statements = new Map<string, Statement>();

  /** Two statements: one for a group of writes, one for whoever reads outside it. */
  function pairOf(writing: StatementSync, sql: string, outside: Snapshot): Statement {
    const changes = !READS.test(sql);
    let reading: StatementSync | undefined;
    let returnsArrays = false;
    function chosen(): StatementSync {
      if (group.isRunning) {
        group.hasChanged ||= changes;
        return writing;
      }
      if (reading === undefined) {
        reading = outside.prepare(sql);
        reading.setReturnArrays(returnsArrays);
      }
      return reading;
    }
    return {
      get: (...parameters) => chosen().get(...parameters),
      all: (...parameters) => chosen().all(...parameters),
      run: (...parameters) => chosen().run(...parameters),
      setReturnArrays(enabled) {
        returnsArrays = enabled;
        for (const one of [writing, reading]) one?.setReturnArrays(enabled);
      },
    };
  }

  return (sql) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      const writing = writer.prepare(sql);
      statement = snapshot === undefined ? (writing as Statement) : pairOf(writing, sql, snapshot);
      statements.set(sql, statement);
    }
    return statement;
  };
}

/** What the documentation shows of each call: a body, and the response to it. */
export interface Example {
  body?: unknown;
  /** Of a stream: its text. */
  response: unknown;
}

export interface Examples {
  /** By operationId. */
  calls: Record<string, Example>;
  /** A problem document. */
  problem: unknown;
}

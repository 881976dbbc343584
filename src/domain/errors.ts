/**
 * Every error that a user or a client can meet, in one catalogue. Services throw `WarbleError`; the gateway
 * turns it into a problem document (RFC 9457) with the status given here.
 */
export const ERROR_CATALOGUE = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_text: { status: 400, title: 'The text cannot be posted' },
  invalid_cursor: { status: 400, title: 'The cursor does not belong to this list' },
  unknown_image: { status: 400, title: 'The image is not known' },
  cannot_follow_self: { status: 400, title: 'You cannot follow yourself' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  forbidden: { status: 403, title: 'Not allowed' },
  sign_up_closed: { status: 403, title: 'Nobody can sign up here just now' },
  invalid_invite: { status: 403, title: 'Signing up needs an invite that holds' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  request_timeout: { status: 408, title: 'The request did not come in time' },
  handle_taken: { status: 409, title: 'The handle is taken' },
  idempotency_mismatch: { status: 409, title: 'The idempotency key was used with another body' },
  idempotency_in_progress: { status: 409, title: 'The first request with this key is still under way' },
  already_resolved: { status: 409, title: 'The report was resolved in another way' },
  protected_account: { status: 409, title: 'A protected account cannot be followed privately' },
  cursor_expired: { status: 410, title: 'The cursor has expired' },
  too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  overloaded: { status: 503, title: 'Too busy just now' },
  unavailable: { status: 503, title: 'Not available just now' },
  storage_full: { status: 503, title: 'The storage is full' },
} as const;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/**
 * A JSON pointer as a URI fragment (RFC 6901, section 6): `#` and `#/name/0` lead into the body, `#/query/name`,
 * `#/path/name` and `#/header/name` to a parameter.
 */
export type Pointer = '#' | `#/${string}`;

/** One field's fault. */
export interface FieldError {
  pointer: Pointer;
  detail: string;
}

export interface WarbleErrorOptions {
  errors?: FieldError[];
  retryAfter_s?: number;
  cause?: unknown;
  /** Fields for the log alone: the caller is never told. */
  log?: { accountId: number };
}

/** An expected failure. `detail` tells the caller what to do, in a sentence that never holds a secret. */
export class WarbleError extends Error {
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  readonly retryAfter_s: number | undefined;
  readonly log: { accountId: number } | undefined;

  constructor(code: ErrorCode, detail: string, options: WarbleErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WarbleError';
    this.code = code;
    this.errors = options.errors;
    this.log = options.log;
    this.retryAfter_s = options.retryAfter_s ?? (ERROR_CATALOGUE[code].status === 503 ? 1 : undefined);
  }

  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }
}

/** The one answer both for what does not exist and for what the viewer may not see. */
export function notFound(what = 'There is nothing here that you may see.'): WarbleError {
  return new WarbleError('not_found', what);
}

/** A pointer to the value at these names, outermost first. */
export function pointerTo(...names: string[]): Pointer {
  if (names.length === 0) return '#';
  return `#/${names.map(escapedName).join('/')}`;
}

function escapedName(name: string): string {
  return encodeURIComponent(name.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'));
}

export function isWarbleError(error: unknown, code?: ErrorCode): error is WarbleError {
  return error instanceof WarbleError && (code === undefined || error.code === code);
}

/**
 * The answer of a service, or null while it is down or too busy (503), for callers who can do without it. Any other
 * error is rethrown.
 */
export async function unlessDown<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (isWarbleError(error) && error.status === 503) return null;
    throw error;
  }
}

/** A setting that cannot be used. The message is one line: the setting, what is wrong, what to do. */
export class ConfigError extends Error {}

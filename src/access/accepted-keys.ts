/**
 * Keys and certificates of devices that an agent accepted, kept where other agents that share its store find them: an
 * agent that takes over must not accept another key as the first one. Declared beside its users; a store implements it.
 */
export interface AcceptedKeys {
  /** Null: no key of this host was accepted yet. */
  get(host: string): Promise<string | null>;
  /**
   * Remembers the first one. Returns the one that is remembered then: if agents accept at the same time, the first
   * one's.
   */
  putFirst(host: string, key: string): Promise<string>;
  /** Replaces it: a person has confirmed the new one. */
  put(host: string, key: string): Promise<void>;
}

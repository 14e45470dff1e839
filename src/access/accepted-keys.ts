/**
 * Keys and certificates of devices that an agent accepted, where others that share its store find them: a successor
 * must not take another one for the first. Declared beside its users; a store implements it.
 */
export interface AcceptedKeys {
  /** null: none of this host was accepted yet. */
  get(host: string): Promise<string | null>;
  /**
   * Remember the first one. Returns the one that is remembered then: of agents that accept at once, the first one's.
   */
  putFirst(host: string, key: string): Promise<string>;
  /** A person has said that this is the one. */
  put(host: string, key: string): Promise<void>;
}

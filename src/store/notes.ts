/**
 * Short texts that outlive an agent, beside events and states: what people announced, and what agents learned about
 * devices and must not learn again. Agents that share the store share these; only the readers know what they mean.
 */

/** Maintenance windows; accepted host keys and certificates; refused credentials. */
export type NoteKind = 'maintenance' | 'host_key' | 'certificate' | 'refusal';

export interface Note {
  readonly name: string;
  readonly text: string;
  /** Since it was written, by the store's own clock. */
  readonly ageMs: number;
}

/** A failure is a `StoreError`. */
export interface Notes {
  /** By name. */
  all(kind: NoteKind): Promise<readonly Note[]>;
  /** Null: there is none of this name. */
  get(kind: NoteKind, name: string): Promise<string | null>;
  /** It replaces what was there. */
  put(kind: NoteKind, name: string, text: string): Promise<void>;
  /**
   * Stores the text unless there is one already. Returns the text that is there then: of several simultaneous writers,
   * the first one's.
   */
  putFirst(kind: NoteKind, name: string, text: string): Promise<string>;
  /** False: there was none. */
  remove(kind: NoteKind, name: string): Promise<boolean>;
}

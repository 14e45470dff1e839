/**
 * Short texts that outlive an agent, beside events and states: what people announced, and what agents learnt of devices
 * and must not learn again. Where several agents share the store they share these; whoever reads them knows what they
 * say.
 */

/** Windows of planned work; host keys and certificates that were accepted; credentials that were refused. */
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
  /** null: there is none of this name. */
  get(kind: NoteKind, name: string): Promise<string | null>;
  /** It replaces what was there. */
  put(kind: NoteKind, name: string, text: string): Promise<void>;
  /**
   * Unless there is one already. Returns the text that is there then: of several who write at once, the first one's.
   */
  putFirst(kind: NoteKind, name: string, text: string): Promise<string>;
  /** false: there was none. */
  remove(kind: NoteKind, name: string): Promise<boolean>;
}

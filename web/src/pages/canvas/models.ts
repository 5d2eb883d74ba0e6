/** What operations answer, as far as Canvas shows it. */

export interface SecretHint {
  hint: string;
  state: string;
  expires_at: string | null;
}

interface TurnCounts {
  turns: number;
  failed: number;
  visitors: number;
  input_tokens: number;
  output_tokens: number;
}

interface Times {
  median: number;
  p95: number;
}

/** What was counted on one day, or on several: then `day` is null. */
export interface UsageFigures extends TurnCounts {
  day: string | null;
  failures: Readonly<Record<string, number>>;
  first_event: Times | null;
  whole_turn: Times | null;
  refusals: Readonly<Record<string, number>>;
}

export interface UsageDays {
  in_all: UsageFigures;
  /** The earliest first, today (UTC) last. */
  days: readonly UsageFigures[];
}

/** How a chat looks, as its owner has set it; an empty text is one that is not set. */
export interface LookView {
  greeting: string;
  prompts: readonly { label: string; prompt: string; icon: string | null }[];
  placeholder: string;
  disclaimer: string;
  accent: string;
  scheme: string;
  contact: string;
  files: string;
  models: readonly { id: string; label: string }[];
  tools: readonly { id: string; label: string; icon: string | null }[];
}

export interface WorkflowView {
  id: string;
  handle: string;
  name: string;
  description: string;
  owner: string;
  runner: { kind: string; target: string; settings: Readonly<Record<string, string>> };
  created_at: string;
  updated_at: string;
  is_public: boolean;
  require_login: boolean;
  published_at: string | null;
  published_by: string | null;
  publish_token_hint: string | null;
  publish_tokens: readonly SecretHint[];
  share_url: string | null;
  obstacle: string | null;
  identity_secret_hint: string | null;
  identity_secrets: readonly SecretHint[];
  allowed_origins: readonly string[];
  look: LookView | null;
  archived_at: string | null;
  time_limit: number;
  history: number;
  /** The turns of each of the last days, where workflows are listed and it was asked for. */
  turns_by_day: readonly number[] | null;
  activity: {
    last_day: TurnCounts;
    in_all: TurnCounts;
    last_used_at: string | null;
    /** Where it was asked for. */
    usage: UsageDays | null;
    last_failure: { at: string; thread_id: string; code: string | null; reason: string | null } | null;
  } | null;
}

export interface WorkflowPage {
  workflows: readonly WorkflowView[];
  next_after: string | null;
}

/** What acts answer: a sentence, and what they changed. */
export interface ActResult {
  message: string;
  workflow?: WorkflowView | undefined;
  publish_token?: string | null;
  identity_secret?: string | null;
  service_token?: string | null;
  purged?: number;
}

export interface ThreadSummary {
  id: string;
  workflow_id: string;
  subject: string;
  title: string | null;
  created_at: string;
  updated_at: string;
}

export interface ThreadPage {
  threads: readonly ThreadSummary[];
  next_after: string | null;
}

export interface TurnView {
  id: string;
  status: string;
  started_at: string;
  ended_at: string | null;
  code: string | null;
  reason: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
}

export interface TranscriptEntry {
  id: string;
  turn_id: string;
  created_at: string;
  kind: string;
  text: string;
  details: Readonly<Record<string, unknown>>;
  feedback: string | null;
}

export interface Transcript {
  thread: ThreadSummary;
  status: string | null;
  turns: readonly TurnView[];
  items: readonly TranscriptEntry[];
  next_after: string | null;
}

export interface AuditEntry {
  id: string;
  at: string;
  act: string;
  actor: string;
  actor_label: string;
  channel: string;
  workflow_id: string | null;
  handle: string | null;
  note: string;
}

export interface AuditPage {
  audit_entries: readonly AuditEntry[];
  next_after: string | null;
}

export interface ServiceToken {
  id: string;
  hint: string;
  label: string;
  owner: string;
  scopes: readonly string[];
  issued_at: string;
  expires_at: string | null;
  ended_at: string | null;
  last_used_at: string | null;
}

export interface ServiceTokenPage {
  service_tokens: readonly ServiceToken[];
  next_after: string | null;
}

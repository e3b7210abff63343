/** A statement that makes all sessions older, as if that much time had passed. */
export const ageSessions = (ms: number): string => `update iam.sessions set
  last_activity = last_activity - ${ms} * interval '1 millisecond',
  expires_at = expires_at - ${ms} * interval '1 millisecond',
  lease_until = lease_until - ${ms} * interval '1 millisecond'`

/** A statement that makes all turn logs older. */
export const ageTurnLogs = (ms: number): string =>
  `update iam.turn_logs set kept_until = kept_until - ${ms} * interval '1 millisecond'`

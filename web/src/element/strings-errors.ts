/** What visitors are told of the server's errors, by code: its own sentences are for developers. */

export const englishErrors = {
  error_action_failed: "The workflow could not carry out this action. Try again.",
  error_action_not_taken: "This workflow does not handle actions. Send a message instead.",
  error_attachment_not_found: "An attached file is no longer there. Add it again.",
  error_body_too_large: "This is too large to be sent.",
  error_budget_exceeded: "You have reached the limit for one visitor. Try again later.",
  error_shared_budget_exceeded: "Too many visitors are here at the moment. Try again in a little while.",
  error_files_off: "Files are switched off in this chat.",
  error_forbidden: "You are not allowed to do this.",
  error_internal_error: "Something went wrong on the server. Try again.",
  error_nothing_pending: "This question no longer waits for an answer.",
  error_request_timed_out: "Sending took too long. Try again.",
  error_server_stopping: "The server is restarting. Try again in a few seconds.",
  error_storage_unavailable: "The server could not save this. Nothing was changed.",
  error_thread_not_found: "This conversation is no longer there.",
  error_too_many_files: "No more files can be uploaded in this chat.",
  error_unavailable: "The server cannot do this at the moment. Try again later.",

  answerFiltered: "A filter held the answer back. You can ask in another way.",
  conversationTooLong: "This conversation has become too long. Start a new one.",
  filesNotRead: "This workflow cannot read attached files of this kind: {names}",
} as const;

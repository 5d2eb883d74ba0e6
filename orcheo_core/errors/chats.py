"""What a visitor meets in a chat: threads, items, attachments, turns and actions."""

from orcheo_core.errors.families import ConflictError, ForbiddenError, InvalidError, NotFoundError, OrcheoError


class ChatUnavailable(NotFoundError):
    """Unknown, private and unpublished workflows look the same to a visitor."""

    code = "chat_unavailable"
    summary = "This chat is not available."
    hint = "Its owner may have closed it, or the link is wrong. Ask the person who gave you the link."


class ThreadNotFound(NotFoundError):
    """No thread of this subject has that id."""

    code = "thread_not_found"
    summary = "No thread with this id is visible to you."
    hint = "List your threads with `threads.list`, or begin one with `threads.create`."


class ItemNotFound(NotFoundError):
    """The thread has no such item, or it is of another kind than the request needs."""

    code = "item_not_found"
    summary = "The thread has no such item."
    hint = "List the items of the thread with `items.list`."


class AttachmentNotFound(NotFoundError):
    """No attachment of this subject has that id, or its bytes were never uploaded."""

    code = "attachment_not_found"
    summary = "You have no attachment with this id."
    hint = "Create the attachment with `attachments.create`, then upload its bytes."


class FilesOff(ForbiddenError):
    """The app that opened the chat session takes no files of its users."""

    code = "files_off"
    summary = "Files are switched off in this chat."
    hint = "Send a message without a file. The option `file_upload.enabled` switches them on."


class TooManyFiles(ForbiddenError):
    """The app that opened the chat session takes no more files of this user."""

    code = "too_many_files"
    summary = "No more files can be uploaded in this chat session."
    hint = "Send the message without another file. The option `file_upload.max_files` sets how many there may be."


class TurnInProgress(ConflictError):
    """A thread has at most one running turn."""

    code = "turn_in_progress"
    summary = "An answer is still being written in this thread."
    hint = "Wait for it, or stop it with `threads.cancel`."


class StopNotOffered(ConflictError):
    """The workflow has said that this answer is not to be stopped."""

    code = "stop_not_offered"
    summary = "The workflow does not let this answer be stopped."
    hint = "Wait for the answer. The owner of the workflow can still end all chats."


class NothingPending(ConflictError):
    """The thread waits for no client tool output, or these questions have already been answered."""

    code = "nothing_pending"
    summary = "The thread is not waiting for this."
    hint = "Read the thread again with `threads.get_by_id`."


class ActionNotTaken(OrcheoError):
    """The workflow takes messages only; a click is never answered as if the last message had been sent again."""

    code = "action_not_taken"
    summary = "This workflow does not handle actions."
    hint = "Send a message instead. Owners: docs/how-to/write-a-workflow.md explains how a workflow handles actions."


class ActionFailed(OrcheoError):
    """The workflow could not carry out an action; its own words are in the log."""

    code = "action_failed"
    summary = "The workflow could not carry out this action."
    hint = "Try again; if it happens again, tell the owner of the chat."


class TranscriptionOff(InvalidError):
    """This server has no speech recognition."""

    code = "transcription_off"
    summary = "This server cannot turn speech into text."
    hint = "Type the message, or ask the operator to set up speech recognition (docs/how-to/switch-on-dictation.md)."


class TranscriptionFailed(OrcheoError):
    """The operator's speech recognition gave no words; why is in the server's log."""

    code = "transcription_failed"
    summary = "What was said could not be turned into text."
    hint = "Try again, or type the message."

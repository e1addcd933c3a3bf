// Calls of Linux that glibc declares under _GNU_SOURCE only, where Swift's Glibc module does not see them.
#pragma once

/// Writes everything of one file system to its disk; `descriptor` is any file on it (syncfs(2)).
int syncfs(int descriptor);
/// Makes a pipe with flags (pipe2(2)).
int pipe2(int ends[2], int flags);

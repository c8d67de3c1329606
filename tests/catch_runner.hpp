#pragma once

/// What Catch's own `main` does: runs the tests that the command line names, and returns the exit status.
int run_catch(int argc, char** argv);

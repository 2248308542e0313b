// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "cli/manual.hpp"

namespace skrei::cli {
namespace {

constexpr std::array<Topic, 6> kTopics{{
    {"jobs", "What a job is, and how it goes from file to result",
     R"(A job file is YAML or JSON. The least there is to say:

  Type: batch
  Tasks:
    - Name: main
      Engine:
        Type: wasm
        Params:
          EntryModule: /main.wasm
          Parameters: [/inputs]
      InputSources:
        - Target: /main.wasm
          Source: {Type: ipfs, Params: {CID: bafk…}}
        - Target: /inputs
          Source: {Type: ipfs, Params: {CID: bafy…}}
      ResultPaths:
        - {Name: outputs, Path: /outputs}
      Publisher: {Type: ipfs}

`skrei job validate FILE` says what is wrong in it without any node; `skrei job run FILE` hands
it in and waits. `skrei wasm run` makes such a job from flags, and with --dry-run prints it.

A job has one execution for each partition (Count), more when one is lost and tried again. Its
state is Pending, Queued (it says what it waits for), Running, and in the end Completed, Failed or
Stopped. `skrei job describe` shows all of it, `skrei job logs` what it wrote, `skrei job get`
fetches the result.

A job is named by its id, by a beginning of it (j-1a2b3c4d), or by its name; --namespace says in
which namespace the name is looked for. Handing a job in under a name that is there makes a new
version of it: `skrei job versions` lists them, `skrei job run --dry-run` shows the difference
first, `skrei job rerun` runs one again.
)"},
    {"templates", "Values in job files: {{.name}}, -V and -E",
     R"(`skrei job run` fills job files in before it reads them, with the part of Go's
text/template that fits a map of texts:

  {{.name}}                            a value; one that is missing is an error
  {{index . "name"}}                   a value that may be missing (then it is empty)
  {{or (index . "name") "default"}}    with a default
  {{if eq .stage "test"}} … {{else if …}} … {{else}} … {{end}}
  {{with index . "name"}} {{.}} {{else}} … {{end}}
  {{range $name, $value := .}} … {{end}}, {{range 3}} … {{end}}, {{break}}, {{continue}}
  {{$x := printf "%s-%s" .a .b}} {{$x}}
  {{/* a comment */}}, and {{- … -}} takes the white space around away

Functions: and, or, not, eq, ne, lt, le, gt, ge, index, len, slice, print, printf, println. What
renders gives the same bytes as in Go; what Go has besides is an error with line and column.

Values come from -V NAME=VALUE and from those environment variables whose whole name matches the
regular expression of -E; -V wins. --no-template takes a file as it is, for programs whose own
text has {{ in it.
)"},
    {"exit-codes", "What skrei ends with, and why",
     R"(Commands that run a job or wait for one (wasm run, job run, job rerun, job wait) end with
the exit code of the program itself. Of several partitions: 0 if all gave 0, else the code of the
lowest one that did not. Where there is no such code:

  2    wrong usage: a flag, an argument, a file or a setting is wrong
  3    no node takes the job
  124  a time limit: of the job, or of --wait-timeout-secs
  125  Skrei, not the program, failed: no node answers, a trap, a memory limit
  126  the program is there but cannot be run
  127  the program or an input was not found
  130  stopped by SIGINT (Ctrl-C)
  143  stopped by SIGTERM, or by somebody else

All other commands:

  0    it was done
  1    it could not be done; stderr says why
  2    wrong usage
  124  a time limit

With --json a run prints exit_code and exit_origin (job or skrei), which tells the two apart. With
--output json errors are JSON, too: {"error": {"code": …, "message": …, "hint": …}} on stderr.
)"},
    {"configuration", "Settings: where they come from and which one wins",
     R"(A setting holds from the first of these that has it:

  1. a flag: its own (--api-port 4321) or -c KEY=VALUE; -c KEY is KEY=true
  2. an environment variable: SKREI_API_PORT for API.Port; BACALHAU_API_PORT is read, too
  3. a file given by -c FILE.yaml; of several the last
  4. .skrei.yaml in the working folder, for what commands use (host, port, log level) only
  5. skrei/config.yaml in $XDG_CONFIG_HOME or ~/.config
  6. the default

`skrei config list` shows what holds, `skrei config explain KEY` where it came from and what else
it could be, `skrei config set KEY VALUE` writes it to the user's file. A key that is no setting is
an error that names the nearest one. A project's file that another user owns, or that everybody
may write, is left out with a warning.
)"},
    {"environment", "Environment variables that skrei reads",
     R"(Each setting has a variable: SKREI_ and the key in capitals, with _ for each dot.

  SKREI_API_HOST, SKREI_API_PORT   the node that commands talk to
  SKREI_DIR                        the data directory (as SKREI_DATADIR)
  BACALHAU_…                       read where SKREI_… is not set

Others:

  NO_COLOR, TERM=dumb    no colour and no moving status line
  XDG_CONFIG_HOME, HOME  where the user's file is
  TMPDIR                 where `wasm run --local` works

A program that runs as a job sees none of these, but what the job's Env says.
)"},
    {"output", "Tables, JSON and what goes where",
     R"(stdout is data, stderr is talk: a job's own stdout goes to stdout and nothing else does
while it runs. Lists take --output table, wide, json, yaml, csv or id; commands that tell of one
thing take --output text, json or yaml. JSON and YAML are what the node's API answered.

  skrei job list --output id | xargs -n1 skrei job describe
  skrei job executions j-1a2b3c4d --output json | jq '.[].PublishedResult'

Off a terminal there is no colour and no moving line; a wait says one line every 30 s. A reader
that goes away (`| head`) ends a command without a complaint.
)"},
}};

}  // namespace

std::span<const Topic> all_topics() {
  return kTopics;
}

}  // namespace skrei::cli

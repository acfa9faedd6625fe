#include "cli/init_script.h"

#include <algorithm>

#include "base/ascii.h"
#include "cli/commands.h"
#include "sys/file.h"

namespace oklo::cli {

namespace {

constexpr std::string_view kSystemd = R"sh(# /etc/systemd/system/oklo.service
# systemctl daemon-reload && systemctl enable --now oklo
[Unit]
Description=oklo network server
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart=@COMMAND@
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
TimeoutStopSec=40
WatchdogSec=30
Restart=on-failure
RestartPreventExitStatus=100

[Install]
WantedBy=multi-user.target
)sh";

constexpr std::string_view kOpenrc = R"sh(#!/sbin/openrc-run
# /etc/init.d/oklo, executable
# rc-update add oklo && rc-service oklo start

description="oklo network server"
supervisor=supervise-daemon
command=@PROGRAM@
command_args=@WORDS@
retry="TERM/40/KILL/5"
extra_started_commands="reload"

depend() {
  need net
  after firewall logger
}

reload() {
  ebegin "Reloading ${RC_SVCNAME}"
  supervise-daemon "${RC_SVCNAME}" --signal HUP
  eend $?
}
)sh";

constexpr std::string_view kProcd = R"sh(#!/bin/sh /etc/rc.common
# /etc/init.d/oklo, executable
# /etc/init.d/oklo enable && /etc/init.d/oklo start

USE_PROCD=1
START=95
STOP=10

start_service() {
  procd_open_instance
  procd_set_param command @COMMAND@
  procd_set_param respawn
  procd_set_param term_timeout 40
  procd_set_param stdout 1
  procd_set_param stderr 1
  procd_close_instance
}

reload_service() {
  procd_send_signal "$(basename "$initscript")"
}
)sh";

bool is_plain(std::string_view word) {
  auto plain = [](char c) {
    return is_digit(c) || is_alpha(c) || std::string_view("_./:=,@+-").find(c) != std::string_view::npos;
  };
  return !word.empty() && std::all_of(word.begin(), word.end(), plain);
}

// systemd.service(5), "COMMAND LINES": % and $ stand for something else there.
std::string systemd_word(std::string_view word) {
  if (is_plain(word)) return std::string(word);
  std::string out = "\"";
  for (char c : word) {
    if (c == '%' || c == '$') out.push_back(c);
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string shell_word(std::string_view word) {
  if (is_plain(word)) return std::string(word);
  std::string out = "'";
  for (char c : word) out.append(c == '\'' ? "'\\''" : std::string(1, c));
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, std::string (*quote)(std::string_view)) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + quote(word);
  return line;
}

std::string filled(std::string_view text, std::string_view mark, const std::string& value) {
  std::string out(text);
  return out.replace(out.find(mark), mark.size(), value);
}

// openrc-run(8) evaluates the words, so they are quoted twice.
std::string openrc_script(const std::string& program, const std::vector<std::string>& words) {
  std::string script = filled(kOpenrc, "@PROGRAM@", shell_word(program));
  return filled(script, "@WORDS@", shell_word(joined(words, shell_word)));
}

// ---------------------------------------------------------------- the command

// A service starts in the root directory.
std::string from_root(std::string_view word) {
  bool dots = word == "." || word == "..";
  bool relative = word.find('/') != word.npos && word.find(':') == word.npos && !word.starts_with('-');
  return dots || relative ? sys::absolute_path(std::string(word)) : std::string(word);
}

// What is wrong with the words of a service, or nothing.
std::string fault_of(const std::vector<std::string_view>& words) {
  const Command* command = find_command(words[0]);
  if (!command || !(command->kinds & (kServes | kStarts)))
    return std::string(words[0]) + " starts no service";
  Result<Options> options = parse_options(words[0], command->kinds, {words.begin() + 1, words.end()});
  if (!options) return options.error().text;
  if (options->server.daemon) return "who starts it wants it in the foreground: leave out -d";
  for (std::string_view word : words)
    if (std::any_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }))
      return "a word has a control character";
  return {};
}

}  // namespace

std::string init_script(std::string_view kind, const std::string& program,
                        const std::vector<std::string>& words) {
  std::vector<std::string> command = words;
  command.insert(command.begin(), program);
  if (kind == "systemd") return filled(kSystemd, "@COMMAND@", joined(command, systemd_word));
  if (kind == "procd") return filled(kProcd, "@COMMAND@", joined(command, shell_word));
  return kind == "openrc" ? openrc_script(program, words) : "";
}

int run_init_script(const Command&, const Options& options) {
  if (options.words.empty()) return complain("init-script wants systemd, openrc or procd", kUsage);
  std::vector<std::string_view> given(options.words.begin() + 1, options.words.end());
  std::string fault = given.empty() ? "" : fault_of(given);
  if (!fault.empty()) return complain(fault, kUsage);
  std::vector<std::string> words;
  for (std::string_view word : given) words.push_back(from_root(word));
  if (words.empty()) words = {"start", "-c", "/etc/oklo.conf"};
  std::string script = init_script(options.words[0], sys::program_path(), words);
  if (!script.empty()) return show(script);
  std::string kind(options.words[0]);
  return complain("init-script knows systemd, openrc and procd, not " + kind, kUsage);
}

}  // namespace oklo::cli

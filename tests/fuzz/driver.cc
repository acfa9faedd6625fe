#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "guarded.h"

// The main program of a fuzz target where there is no libFuzzer:
//   NAME [--mutations N] [--seed S] [FILE|DIRECTORY]...
// It runs the target on each file, then on N inputs made from them. Each input ends where an
// unreadable page begins. The same seed makes the same inputs.

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kInputBytesMax = 4096;

// SplitMix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  size_t below(size_t limit) { return limit == 0 ? 0 : next() % limit; }

 private:
  uint64_t state_;
};

std::string current_input;
std::string crash_path;

// The input that the target failed on goes to a file beside the program, so that it can be run again.
void save_input(int signal_number) {
  if (FILE* file = fopen(crash_path.c_str(), "wb")) {
    fwrite(current_input.data(), 1, current_input.size(), file);
    fclose(file);
  }
  fprintf(stderr, "signal %d; the input is in %s\n", signal_number, crash_path.c_str());
  _exit(1);
}

void try_input(const std::string& input) {
  current_input = input;
  Guarded guarded(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(guarded.data()), guarded.size());
}

std::string read_file(const std::string& path) {
  std::string bytes;
  FILE* file = fopen(path.c_str(), "rb");
  if (!file) {
    fprintf(stderr, "cannot read %s\n", path.c_str());
    exit(1);
  }
  char block[4096];
  while (size_t count = fread(block, 1, sizeof block, file)) bytes.append(block, count);
  fclose(file);
  return bytes;
}

void load(const std::string& path, std::vector<std::string>& inputs) {
  DIR* directory = opendir(path.c_str());
  if (!directory) {
    inputs.push_back(read_file(path));
    return;
  }
  std::vector<std::string> names;
  while (dirent* entry = readdir(directory))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  closedir(directory);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) inputs.push_back(read_file(path + "/" + name));
}

void mutate_once(std::string& input, const std::string& other, Random& random) {
  static constexpr char kLiteral[] = "\0\r\n\t ,;:=\"%/.-0129aAfFzZ\x7f\x80\xff";
  static constexpr std::string_view kBytes(kLiteral, sizeof kLiteral - 1);
  size_t at = random.below(input.size() + 1);
  bool inside = at < input.size();
  switch (random.below(8)) {
    case 0: if (inside) input[at] = static_cast<char>(input[at] ^ (1 << random.below(8))); break;
    case 1: if (inside) input[at] = static_cast<char>(random.next()); break;
    case 2: if (inside) input[at] = kBytes[random.below(kBytes.size())]; break;
    case 3: input.insert(at, 1, kBytes[random.below(kBytes.size())]); break;
    case 4: input.erase(at, 1 + random.below(8)); break;
    case 5: input.insert(at, input.substr(at, 1 + random.below(32))); break;
    case 6: input.resize(at); break;
    default: input.insert(at, other.substr(random.below(other.size() + 1), 1 + random.below(32)));
  }
}

std::string mutated(const std::vector<std::string>& inputs, Random& random) {
  std::string input = inputs[random.below(inputs.size())];
  const std::string& other = inputs[random.below(inputs.size())];
  for (size_t count = 1 + random.below(6); count > 0; count--) mutate_once(input, other, random);
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned long mutations = 0;
  uint64_t seed = 1;
  std::vector<std::string> inputs;
  crash_path = std::string(argv[0]) + ".crash";
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--mutations") == 0 && i + 1 < argc) mutations = strtoul(argv[++i], nullptr, 10);
    else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) seed = strtoull(argv[++i], nullptr, 10);
    else load(argv[i], inputs);
  }
  for (int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) signal(number, save_input);
  inputs.emplace_back();
  for (const std::string& input : inputs) try_input(input);
  Random random(seed);
  for (unsigned long i = 0; i < mutations; i++) try_input(mutated(inputs, random));
  printf("fuzz %s: %zu inputs, %lu mutations\n", argv[0], inputs.size(), mutations);
  return 0;
}

#pragma once

#include <sstream>
#include <string>

// Unpacks text. A letter stands for itself; <2,6> goes back 2 letters and copies 6 from there on: "ab<2,6>" is "abababab".
// Like many a decoder it trusts its input.
inline std::string unpack(const std::string& packed) {
  std::istringstream in{packed};
  std::string text;
  for (char letter; in.get(letter);) {
    if (letter != '<') {
      text += letter;
      continue;
    }
    size_t distance = 0, length = 0;
    in >> distance;
    in.ignore(); // the comma
    in >> length;
    for (; length > 0; --length)
      text += text[text.size() - distance];
    while (in.peek() != '>')
      in.get();
    in.get();
  }
  return text;
}

package millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Folders that stores are made in. */
final class Folder {
  private Folder() { }

  /** Makes it; one that has files already is refused. */
  static Path makeEmpty(String name) throws IOException {
    Path path = Files.createDirectories(Path.of(name));
    try (Stream<Path> files = Files.list(path)) {
      if (files.findAny().isPresent()) {
        throw new IllegalArgumentException(name + " is not empty");
      }
    }
    return path;
  }

  static void remove(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}

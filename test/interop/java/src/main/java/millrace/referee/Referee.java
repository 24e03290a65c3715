package millrace.referee;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import com.alibaba.fastjson2.JSONWriter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;
import org.apache.rocketmq.remoting.protocol.body.TopicConfigSerializeWrapper;

/**
 * Apache RocketMQ's store as a command-line program: one JSON object a line in, one a line out.
 *
 * A command names itself in `command` and may carry an `id`, which its answer repeats; `ok: false` comes with `error`. One
 * store is open at a time, in this process, by the store's own code: what it accepts or refuses is its word and not ours.
 * Answers are the only thing on stdout; logs go to stderr. Commands run one after the other on the main thread. The end of
 * stdin without `close` is a halt: the directory stays as a killed broker leaves it. As arguments, `generate '{"dir": …}'`
 * runs one command and ends. The commands and their fields are listed in README.md beside the pom.
 */
public final class Referee {
  private final PrintStream answers;
  private StoreSession session;

  private Referee(PrintStream answers) {
    this.answers = answers;
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Referee referee = new Referee(answers);
    if (arguments.length > 0) {
      JSONObject request = arguments.length > 1 ? JSON.parseObject(arguments[1]) : new JSONObject();
      request.put("command", arguments[0]);
      Runtime.getRuntime().halt(referee.answer(request) ? 0 : 1);
    }
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      if (!line.isBlank()) {
        referee.answer(JSON.parseObject(line));
      }
    }
    // The store's threads are not daemons, and an orderly exit would run its shutdown hooks.
    Runtime.getRuntime().halt(0);
  }

  private boolean answer(JSONObject request) {
    JSONObject answer;
    boolean ok = true;
    try {
      answer = run(request);
    } catch (Exception | LinkageError failure) {
      ok = false;
      answer = new JSONObject();
      answer.put("error", failure + where(failure));
    }
    print(request, answer, ok);
    if (ok && request.getString("command").equals("halt")) {
      Runtime.getRuntime().halt(0);
    }
    return ok;
  }

  private void print(JSONObject request, JSONObject answer, boolean ok) {
    answer.put("id", request.get("id"));
    answer.put("ok", ok);
    answers.println(answer.toJSONString(JSONWriter.Feature.WriteNulls));
    answers.flush();
  }

  private JSONObject run(JSONObject request) throws Exception {
    String command = request.getString("command");
    if (command == null) {
      throw new IllegalArgumentException("a request needs a command");
    }
    switch (command) {
      case "open":
        return open(request);
      case "state":
        return opened().state();
      case "append":
        return new Producer(opened()).append(request);
      case "appendAndHalt":
        new Producer(opened()).appendAndHalt(request, answer -> print(request, answer, true));
        throw new IllegalStateException("halted processes do not answer");
      case "read":
        return new QueueReader(opened()).read(request);
      case "find":
        return new QueueReader(opened()).find(request);
      case "query":
        return new Queries(opened()).run(request);
      case "parseTopics":
        return parseTopics(request);
      case "generate":
        return generate(request);
      case "close":
        return close();
      case "halt":
        return new JSONObject();
      default:
        throw new IllegalArgumentException("unknown command " + command);
    }
  }

  private JSONObject open(JSONObject request) throws Exception {
    if (session != null) {
      throw new IllegalStateException("a store is open already: close it first");
    }
    session = StoreSession.open(request);
    return session.state();
  }

  private static JSONObject parseTopics(JSONObject request) {
    TopicConfigSerializeWrapper parsed = RemotingSerializable.fromJson(request.getString("text"), TopicConfigSerializeWrapper.class);
    return JSONObject.of("topics", JSON.toJSON(parsed.getTopicConfigTable()), "counter", parsed.getDataVersion().getCounter().get());
  }

  private JSONObject close() {
    JSONObject answer = opened().close();
    session = null;
    return answer;
  }

  /** Makes a directory, fills it and leaves it: `exit` is `clean` (default) or `halt`, which ends this process after the answer. */
  private JSONObject generate(JSONObject request) throws Exception {
    open(request);
    JSONObject answer = new Workload(session, request).run();
    if ("halt".equals(request.getString("exit"))) {
      print(request, answer, true);
      Runtime.getRuntime().halt(0);
    }
    answer.putAll(close());
    return answer;
  }

  private StoreSession opened() {
    if (session == null) {
      throw new IllegalStateException("no store is open");
    }
    return session;
  }

  private static String where(Throwable failure) {
    return Arrays.stream(failure.getStackTrace()).limit(6).map(frame -> "\n  at " + frame).reduce("", String::concat);
  }
}

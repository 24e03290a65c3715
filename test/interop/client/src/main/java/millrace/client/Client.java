package millrace.client;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import com.alibaba.fastjson2.JSONWriter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.ClientConfig;

/**
 * Apache RocketMQ's client as a command-line program: one JSON object a line in, one a line out.
 *
 * The argument is the address of the name server. A command names itself in `command` and has an `id`, which its answer
 * repeats; `ok: false` comes with `error`. What a push consumer is given is told as it comes, in lines with `event`. Commands
 * run one after the other on the main thread, consumers on threads of the client. The end of stdin ends the process. The
 * commands and their fields are listed in README.md beside the pom.
 */
public final class Client {
  private static final PrintStream ANSWERS = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private final Sending sending;
  private final Consuming consuming;
  private final Looking looking;

  private Client(String nameServer) throws Exception {
    sending = new Sending(nameServer);
    consuming = new Consuming(nameServer);
    looking = new Looking(sending.producer());
  }

  public static void main(String[] arguments) throws Exception {
    System.setOut(System.err);
    // Else the client sends to a second port, two below the broker's.
    System.setProperty("com.rocketmq.sendMessageWithVIPChannel", "false");
    Client client = new Client(arguments[0]);
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      client.answer(JSON.parseObject(line));
    }
    Runtime.getRuntime().halt(0);
  }

  /**
   * Clients with names of their own share nothing, as if each were a process. They send heartbeats every second: one that
   * tells of a rebalance is left out when another is on its way, and no pull succeeds until the next.
   */
  static <T extends ClientConfig> T named(T config, String nameServer, String name) {
    config.setNamesrvAddr(nameServer);
    config.setInstanceName(name);
    config.setVipChannelEnabled(false);
    config.setHeartbeatBrokerInterval(1_000);
    return config;
  }

  static synchronized void print(JSONObject line) {
    ANSWERS.println(line.toJSONString(JSONWriter.Feature.WriteNulls));
  }

  private void answer(JSONObject request) {
    JSONObject answer;
    try {
      answer = run(request);
      answer.put("ok", true);
    } catch (Exception | LinkageError failure) {
      answer = JSONObject.of("ok", false, "error", failure.toString());
    }
    answer.put("id", request.get("id"));
    print(answer);
  }

  private JSONObject run(JSONObject request) throws Exception {
    switch (request.getString("command")) {
      case "createTopic":
        return sending.createTopic(request);
      case "send":
        return sending.send(request);
      case "push":
        return consuming.push(request);
      case "pull":
        return consuming.pull(request);
      case "lite":
        return consuming.lite(request);
      case "stop":
        return consuming.stop(request);
      case "byKey":
        return looking.byKey(request);
      case "byId":
        return looking.byId(request);
      case "atTime":
        return looking.atTime(request);
      case "bounds":
        return looking.bounds(request);
      default:
        throw new IllegalArgumentException("unknown command " + request.getString("command"));
    }
  }
}

package millrace.bench;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A peer as a process: says who it is, then one order a line in, one reply a line out (bench/peers/peer.ts), until `close`.
 *
 * The peer is named by the first argument and must be on the class path. Orders run one after the other on the main thread.
 * Replies are the only thing on standard output; logs go to standard error. The end of input without `close` halts the process:
 * what is open stays as a kill would leave it.
 */
public final class Main {
  private static final Map<String, String> PEERS = Map.of(
      "rocketmq", "millrace.bench.rocketmq.RocketPeer",
      "kafka", "millrace.bench.kafka.KafkaPeer",
      "artemis", "millrace.bench.artemis.ArtemisPeer",
      "artemisaio", "millrace.bench.artemis.ArtemisAioPeer",
      "chronicle", "millrace.bench.chronicle.ChroniclePeer");

  private Main() { }

  public static void main(String[] arguments) throws Exception {
    PrintStream replies = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    String name = arguments.length == 1 ? arguments[0] : "";
    if (!PEERS.containsKey(name)) {
      System.err.println("one argument, the peer: " + String.join(", ", PEERS.keySet().stream().sorted().toList()));
      Runtime.getRuntime().halt(2);
    }
    Peer peer = (Peer) Class.forName(PEERS.get(name)).getDeclaredConstructor().newInstance();
    replies.println(JSONObject.of("peer", name, "version", peer.version(), "configuration", peer.configuration()));
    serve(new Orders(peer), replies);
    // Some peers keep threads that are not daemons, and have shutdown hooks.
    Runtime.getRuntime().halt(0);
  }

  private static void serve(Orders orders, PrintStream replies) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      if (line.isBlank()) {
        continue;
      }
      JSONObject reply = answer(orders, line);
      replies.println(reply);
      if (reply.containsKey("closed")) {
        return;
      }
    }
  }

  private static JSONObject answer(Orders orders, String line) {
    try {
      JSONObject order = JSON.parseObject(line);
      if ("close".equals(order.getString("order"))) {
        orders.close();
        return JSONObject.of("closed", true);
      }
      return JSONObject.of("sample", orders.obey(order));
    } catch (UnsupportedException reason) {
      return JSONObject.of("unsupported", reason.getMessage());
    } catch (Exception | LinkageError | OutOfMemoryError failure) {
      failure.printStackTrace();
      return JSONObject.of("error", failure.toString());
    }
  }
}

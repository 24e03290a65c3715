package millrace.referee;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/**
 * Fills an open store with messages of every kind, the same ones for the same `seed`.
 *
 * `messages` (default 200) are put to topics with one to three queues, one of them with a name so long that its records are of
 * the second version; single and in batches (`batches: false` for none), bodies from empty to `maxBodyBytes` (default 600),
 * IPv4 and IPv6 hosts, with and without tags, keys and properties. The answer says of each message what was given (as in
 * `append`) and where it went: what a reader returns is compared with the giver's word.
 */
final class Workload {
  private static final String[] TOPICS = {"Plain", "%RETRY%group-1", "L".repeat(150)};
  private static final String[] TAGS = {"TagA", "TagB", "\u6807\u7b7e", "a||b"};
  private static final String[] HOSTS = {"127.0.0.1:0", "10.1.2.3:54321", "[2001:db8:0:0:0:0:0:1]:10911"};
  private static final int LARGEST_BATCH = 8;

  private final StoreSession session;
  private final Producer producer;
  private final Random random;
  private final int count;
  private final int maxBodyBytes;
  private final boolean batches;

  Workload(StoreSession session, JSONObject request) {
    this.session = session;
    this.producer = new Producer(session);
    this.random = new Random(request.getLongValue("seed", 1));
    this.count = request.getIntValue("messages", 200);
    this.maxBodyBytes = request.getIntValue("maxBodyBytes", 600);
    this.batches = request.getBooleanValue("batches", true);
  }

  JSONObject run() throws Exception {
    JSONArray written = new JSONArray();
    while (written.size() < count) {
      int topic = random.nextInt(TOPICS.length);
      int queueId = random.nextInt(topic + 1);
      int size = batches && random.nextInt(4) == 0 ? Math.min(count - written.size(), 1 + random.nextInt(LARGEST_BATCH)) : 1;
      JSONArray specs = new JSONArray();
      for (int i = 0; i < size; i++) {
        specs.add(message(TOPICS[topic], queueId, written.size() + i));
      }
      if (size > 1) {
        // A batch has one born time and one pair of hosts: those of its first message.
        for (int i = 1; i < size; i++) {
          for (String shared : new String[] {"bornTimestamp", "bornHost", "storeHost"}) {
            specs.getJSONObject(i).put(shared, specs.getJSONObject(0).get(shared));
          }
        }
        add(written, specs, producer.putBatch(specs));
      } else {
        add(written, specs, List.of(producer.put(specs.getJSONObject(0))));
      }
    }
    session.settle();
    return JSONObject.of("written", written, "state", session.state());
  }

  private static void add(JSONArray written, JSONArray specs, List<JSONObject> receipts) {
    for (int i = 0; i < specs.size(); i++) {
      JSONObject both = specs.getJSONObject(i).clone();
      both.putAll(receipts.get(i));
      written.add(both);
    }
  }

  private JSONObject message(String topic, int queueId, int number) {
    byte[] body = new byte[random.nextInt(10) == 0 ? 0 : random.nextInt(maxBodyBytes + 1)];
    random.nextBytes(body);
    JSONObject spec = JSONObject.of("topic", topic, "queueId", queueId, "body", Base64.getEncoder().encodeToString(body));
    spec.put("flag", random.nextInt());
    spec.put("bornTimestamp", 1_700_000_000_000L + number);
    spec.put("bornHost", HOSTS[random.nextInt(HOSTS.length)]);
    spec.put("storeHost", HOSTS[random.nextInt(HOSTS.length)]);
    if (random.nextInt(3) > 0) {
      spec.put("tags", TAGS[random.nextInt(TAGS.length)]);
    }
    if (random.nextInt(3) > 0) {
      spec.put("keys", random.nextBoolean() ? "key" + number : "key" + number + " order" + number % 7);
    }
    if (random.nextInt(3) > 0) {
      spec.put("properties", JSONObject.of("number", String.valueOf(number), "\u00fcber", "\ud83d\ude80"));
    }
    return spec;
  }
}

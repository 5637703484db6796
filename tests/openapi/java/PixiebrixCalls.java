import org.openapitools.client.ApiClient;
import org.openapitools.client.api.RecordsApi;
import org.openapitools.client.model.Record;
import org.openapitools.client.model.RecordRequest;

import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Writes one record and lists the database in a page of two, at version 2.0; prints what came back. */
public class PixiebrixCalls {
    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        client.setRequestInterceptor(request -> request
            .setHeader("Authorization", "Token any")
            .setHeader("Accept", "application/json; version=2.0"));
        RecordsApi api = new RecordsApi(client);
        UUID database = UUID.fromString(arguments[1]);
        RecordRequest order = new RecordRequest().id("typed").data(Map.of("user email", "a&b@x"));
        List<Record> made = api.createRecords(database, List.of(order));
        System.out.println(made.get(0).getId() + " " + made.get(0).getData());
        System.out.println(api.listRecords(database, 1, 2, null, null, null).size());
    }
}

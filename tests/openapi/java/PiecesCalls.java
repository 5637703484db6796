import org.openapitools.client.ApiClient;
import org.openapitools.client.api.DatabaseApi;
import org.openapitools.client.model.ExportedDatabase;
import org.openapitools.client.model.ExportedDatabaseFormat;

import java.util.List;

/** Imports what was exported, with one value more; prints the ids of the values of the next export. */
public class PiecesCalls {
    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        DatabaseApi api = new DatabaseApi(client);
        ExportedDatabase database = api.exportDatabase();
        database.getValues().addIterableItem(new ExportedDatabaseFormat().id("generated").raw(List.of(0, 127, 255)));
        api.importDatabase(database);
        for (ExportedDatabaseFormat value : api.exportDatabase().getValues().getIterable()) {
            System.out.println(value.getId() + " " + value.getRaw());
        }
    }
}

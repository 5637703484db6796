import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;

/** Posts a file as JSON with the standard client as it comes, which offers HTTP/2; prints the statuses. */
public class Import {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int start = 0; start < arguments.length; start += 2) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[start]))
                .header("Content-Type", "application/json")
                .header("Authorization", "Token any")
                .POST(BodyPublishers.ofFile(Path.of(arguments[start + 1])))
                .build();
            System.out.println(client.send(request, BodyHandlers.ofString()).statusCode());
        }
    }
}

// What Google's documentation has for Java: https://cloud.google.com/java/docs/reference/google-auth-library/latest/overview
// and https://cloud.google.com/bigquery/docs/reference/libraries#client-libraries-usage-java
import com.google.auth.oauth2.GoogleCredentials;

public class Main {
  static String token() throws Exception {
    GoogleCredentials credentials =
        GoogleCredentials.getApplicationDefault().createScoped("https://www.googleapis.com/auth/cloud-platform");
    return "{\"token\": " + !credentials.refreshAccessToken().getTokenValue().isEmpty() + "}";
  }

  public static void main(String[] arguments) throws Exception {
    String found;
    try {
      found = arguments[0].equals("token") ? token() : Query.rows();
    } catch (Exception error) {
      found = "{\"error\": " + text(error.getClass().getSimpleName()) + ", \"message\": " + text(messages(error)) + "}";
    }
    System.out.println(found);
    System.exit(0);
  }

  /** What the error says, and what its causes say. */
  static String messages(Throwable error) {
    return error.getMessage() + (error.getCause() == null ? "" : ": " + messages(error.getCause()));
  }

  static String text(String value) {
    return "\"" + value.replaceAll("[\\\\\"]", "\\\\$0").replaceAll("\\s", " ") + "\"";
  }
}

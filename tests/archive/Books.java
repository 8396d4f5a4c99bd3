import com.adobe.epubcheck.tool.EpubChecker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/** epubcheck for many books in one process: reads a path a line, and ends what it says of each with its exit status. */
public class Books {
    public static void main(String[] arguments) throws IOException {
        var paths = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String path = paths.readLine(); path != null; path = paths.readLine()) {
            int status = new EpubChecker().run(new String[] {"-w", path});
            System.out.println("\nstatus " + status);
        }
    }
}

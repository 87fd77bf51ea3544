using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansBroker.TestCluster;

// Several brokers in one process that do what they are told: one JSON command a line on standard input, one JSON answer
// a line on standard output. The end of the input ends the process as a crash would.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

using var loggers = new StandardErrorLogger();
var commands = new Commands(loggers);
while (await Console.In.ReadLineAsync() is { } line)
{
    JsonObject parameters = JsonNode.Parse(line)!.AsObject();
    var answer = new JsonObject { ["id"] = (int)parameters["id"]! };
    try
    {
        answer["result"] = JsonSerializer.SerializeToNode(await commands.RunAsync((string)parameters["command"]!, parameters), JsonSerializerOptions.Web);
    }
    catch (Exception exception)
    {
        answer["error"] = new JsonObject { ["message"] = exception.ToString() };
    }
    Console.WriteLine(answer.ToJsonString());
}
Environment.Exit(0);

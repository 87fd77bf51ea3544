using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

/// <summary>One kind of message, request or response, for tests that go over all of them.</summary>
public abstract class MessageCase(string name, ApiDescription api, bool isRequest)
{
    public static IReadOnlyList<MessageCase> All { get; } = FindAll();

    public string Name { get; } = name;

    public ApiDescription Api { get; } = api;

    public bool IsRequest { get; } = isRequest;

    public IEnumerable<short> Versions => Enumerable.Range(Api.VersionMin, Api.VersionMax - Api.VersionMin + 1).Select(version => (short)version);

    public static MessageCase Find(string name) => All.Single(message => message.Name == name);

    public abstract object Random(Random random, short version, bool tagged = true, HashSet<(Type Struct, string Field)>? described = null);

    public abstract byte[] Encode(object message, short version);

    public abstract object Decode(ReadOnlyMemory<byte> bytes, short version, out int consumed);

    public abstract string Print(object message, short version);

    public override string ToString() => Name;

    private static MessageCase[] FindAll() =>
        [.. typeof(IRequest).Assembly.GetTypes()
            .Where(type => type.IsClass && typeof(IRequest).IsAssignableFrom(type))
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .SelectMany(Pair)];

    private static MessageCase[] Pair(Type request)
    {
        var response = request.GetInterfaces().Single(type => type.IsGenericType).GetGenericArguments()[0];
        var api = (ApiDescription)request.GetProperty(nameof(IRequest.Api))!.GetValue(null)!;
        return [Create(request, api, isRequest: true), Create(response, api, isRequest: false)];
    }

    private static MessageCase Create(Type message, ApiDescription api, bool isRequest) =>
        (MessageCase)Activator.CreateInstance(typeof(MessageCaseOf<>).MakeGenericType(message), message.Name, api, isRequest)!;
}

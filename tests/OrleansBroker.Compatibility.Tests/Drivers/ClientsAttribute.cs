using System.Reflection;
using Xunit.Sdk;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>A row for each client, or for each client but some, or for each of them and each codec.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientsAttribute(params string[] names) : DataAttribute
{
    public string[] Except { get; set; } = [];

    public bool EveryCodec { get; set; }

    /// <summary>A row of each client with each of these.</summary>
    public object[]? With { get; set; }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        IEnumerable<string> clients = (names.Length == 0 ? ClientCatalog.All : names).Except(Except);
        object[]? seconds = EveryCodec ? ClientCatalog.Codecs : With;
        return seconds is null
            ? clients.Select(client => new object[] { client })
            : clients.SelectMany(client => seconds.Select(second => new[] { client, second }));
    }
}

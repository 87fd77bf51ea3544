using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansBroker.Abstractions.Client;

/// <summary>Stops the start of an application whose client cannot work, with lines that name what is wrong.</summary>
internal sealed class OrleansBrokerGrainClientOptionsValidator : IValidateOptions<OrleansBrokerGrainClientOptions>
{
    public ValidateOptionsResult Validate(string? name, OrleansBrokerGrainClientOptions options)
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Cluster))
        {
            problems.Add($"{nameof(options.Cluster)}: not given");
        }

        problems.AddRange(options.Gateways.Where(gateway => !TryParse(gateway, out _)).Select(gateway => $"{nameof(options.Gateways)}: '{gateway}' is not HOST:PORT"));
        if (options.ConnectWithin < TimeSpan.Zero)
        {
            problems.Add($"{nameof(options.ConnectWithin)} {options.ConnectWithin}: not a time");
        }

        if (options.ConnectAgainAfter <= TimeSpan.Zero)
        {
            problems.Add($"{nameof(options.ConnectAgainAfter)} {options.ConnectAgainAfter}: not a time");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    /// <param name="endpoint">Of an address or of a name.</param>
    internal static bool TryParse(string gateway, out EndPoint? endpoint)
    {
        endpoint = null;
        if (IPEndPoint.TryParse(gateway, out var address))
        {
            endpoint = address.Port > 0 ? address : null;
        }
        else if (gateway.LastIndexOf(':') is > 0 and var colon && int.TryParse(gateway.AsSpan(colon + 1), out var port) && port is > 0 and <= ushort.MaxValue)
        {
            endpoint = Uri.CheckHostName(gateway[..colon]) == UriHostNameType.Dns ? new DnsEndPoint(gateway[..colon], port) : null;
        }

        return endpoint is not null;
    }
}
